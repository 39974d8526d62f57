// The page is complete without this script: it filters quotes, and keeps the place when the
// language is switched.
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("scripted");

  function shown() {
    return document.querySelector(document.getElementById("choose-zh").checked ? ".view-zh" : ".view-en");
  }

  // Which section is being read, in the language that was shown before the switch.
  var reading = null;
  function note() {
    var best = null;
    shown().querySelectorAll("section[id]").forEach(function (section) {
      if (section.getBoundingClientRect().top < window.innerHeight / 3) best = section;
    });
    reading = best && best.id.slice(3);
    shown().querySelectorAll(".contents a").forEach(function (link) {
      link.classList.toggle("here", best !== null && link.getAttribute("href") === "#" + best.id);
    });
  }
  window.addEventListener("scroll", note, { passive: true });
  note();

  document.querySelectorAll(".choice").forEach(function (choice) {
    choice.addEventListener("change", function () {
      var view = shown();
      root.lang = view.lang;
      var target = reading && reading !== "headline" && document.getElementById(choice.id.slice(-2) + "-" + reading);
      if (target) target.scrollIntoView({ behavior: "instant" });
      note();
    });
  });

  var FIRST = 12;
  document.querySelectorAll(".voices").forEach(function (voices) {
    var form = voices.querySelector(".filter");
    var quotes = Array.prototype.slice.call(voices.querySelectorAll(".quote"));
    var more = voices.querySelector(".more");
    var none = voices.querySelector(".none");
    var all = false;
    form.hidden = false;

    function segments(quote) {
      var found = {};
      Object.keys(quote.dataset).forEach(function (key) {
        if (key.indexOf("by") !== 0) return;
        var pair = quote.dataset[key];
        var place = pair.indexOf("=");
        found[pair.slice(0, place)] = pair.slice(place + 1);
      });
      return found;
    }

    function apply() {
      var code = form.elements.code.value;
      var sign = form.elements.polarity.value;
      var by = Array.prototype.slice.call(form.querySelectorAll("select[name=by]"));
      var match = quotes.filter(function (quote) {
        if (code && quote.dataset.code !== code) return false;
        if (sign && quote.dataset.polarity !== sign) return false;
        var own = segments(quote);
        return by.every(function (select) {
          return !select.value || own[select.dataset.column] === select.value;
        });
      });
      quotes.forEach(function (quote) { quote.hidden = true; });
      match.slice(0, all ? match.length : FIRST).forEach(function (quote) { quote.hidden = false; });
      more.hidden = all || match.length <= FIRST;
      none.hidden = match.length > 0;
      form.querySelector(".count").textContent = match.length + " / " + quotes.length;
    }

    form.addEventListener("change", apply);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    more.addEventListener("click", function () { all = true; apply(); });
    apply();
  });
})();
