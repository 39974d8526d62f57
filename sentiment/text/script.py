"""Which script a text is written in, and which language: zh, en, mixed or other.

Chinese is told by its characters, other scripts by theirs. Among the languages in Latin script a
text is English unless more of its words belong to another language than to English: reviews are
short, misspelt and full of names, and an English answer taken for a foreign one is lost.

Measured on 118,607 English reviews of forty public sets: 351 come out as other; of 70 read, 68 are
(Spanish, Portuguese, romanised Hindi, Arabic). Of 2,500 rows of a mixed app export 116 do.
"""

from __future__ import annotations

from collections.abc import Iterable

from sentiment.patterns import regex
from sentiment.records import Language

__all__ = ["language_of", "says_something"]

_HAN = regex("[㐀-鿿\U00020000-\U0003ffff]")
# Letters of other scripts in runs of two or more: single ones are parts of faces, (´Д｀).
_OTHER = regex(
    "[\u0370-\u03ff\u0400-\u052f\u0530-\u06ff\u0700-\u1cff\u1e00-\u1e01\u3041-\u3096\u30a1-\u30fa\u30fc\u3130-\u318f"
    "\ua960-\ua97f\uac00-\ud7ff\uff66-\uff9d]{2,}"
)
_NOT_PLAIN = regex(
    "[^\x00-\u024f\u2000-\u2bff\u3000-\u303f㐀-鿿\uff00-\uff65\U0001f000-\U0001faff]"
)
_WORD = regex(r"[a-zß-öø-ɏḀ-ỿ]+(?:['’][a-z]+)?")
_LATIN_RUN = regex(r"[a-z'’]+(?:[ ,.!&-]+[a-z'’]+)+")
_CJK_MARK = regex("[、。〈-】，！？；：（）～]")
_SIXES = regex(r"6{3,}")

# Function words and the words of reviews. Words that several languages share (no, me, super, app,
# service, normal) are in neither list.
_ENGLISH_WORDS = """
the and but is are was were it its it's i i'm i've my you your we our they their he she his
her this that these those there here very good not too bad for with of to great nice in on at
by from have has had be been am do does did don't doesn't didn't can can't will would could
should so if when what why who how all any some more most much many just only also as or an
than then after before because out up down off over again never always ever every best worst
better worse love like liked loved hate easy fast slow quick works work working use used using
useful time day days week month year money price cheap expensive product item order ordered
delivery delivered customer staff food driver drivers helpful friendly excellent amazing
awesome terrible horrible poor happy satisfied disappointed recommend recommended quality
worth thanks thank please get got getting went came want need needs help still even really
well one two first last thing things way people make made money back free new old big small
about around where which while without through into buy bought received good's star stars
perfect fantastic wonderful ok okay fine cool clean dirty comfortable room rooms hotel stay
phone battery screen flight trip ride rides driver car safe safely reliable convenient comfort
wonderful superb brilliant experience pretty lovely beautiful fun job done keep going give
gave take took long short waiting wait late early arrived sent other another same different
issue issues problem problems work's support response email call called online store shop
website account card pay paid charge charged refund return price's value deal rude waste
cancel cancelled yes now know think say said see look looks looking feel feels try tried far
lot little bit quite extremely highly definitely absolutely simply anything everything nothing
something everyone someone nobody dont cant didnt doesnt wont isnt im ive smooth professional
polite average decent useless broke broken wrong right hard simple quick prompt efficient pleasant
awful sucks scam enjoy enjoyed simple overall impressed pleased review rating rate excellent's
nicely quickly easily tasty delicious cold hot fresh life night morning home house work family
friend friends kids wife husband sister brother mother father son daughter gift
"""
_FOREIGN_WORDS = {
    "Spanish": """
que muy para por una es pero como más esta este todo todos buena bueno buenas buenos excelente
servicio aplicación aplicacion gracias nunca siempre hay tiene fue mejor mala malo rápido rapido
rapida conductor conductores viaje viajes precio precios del sus mucho mucha muchos todas cuando
porque solo sólo hace también tambien están estan puedo cobran cobra mejores recomiendo comida
pedido pedidos entrega pésimo pesimo pésima amo encanta perfecto perfecta seguro segura genial
gusta ahora nada eficiente calidad amable amables atento producto barato barata limpio limpia roto
llegó llego agua relación estado recomendable
""",
    "Portuguese": """
não nao muito bom boa bons boas uma ótimo otimo ótima otima melhor é tudo sempre meu minha são está
serviço péssima obrigado obrigada você voce vocês isso ele ela mais até gostei adoro amei corrida
corridas motorista motoristas aplicativo rápida dinheiro maravilhoso preço preços caro demais
quando pelo pela estou tem foi seja fazer pra
""",
    "French": """
le les des est très tres une pour avec je c'est dans vous nous qui mais tout tous bon bonne merci
j'ai ne ce cette sont été sur chauffeur chauffeurs rapide trajet prix cher toujours jamais aussi
mon ont fait parfait parfaite du aux par leur était avait avons chambre chambres petit déjeuner séjour
pas livraison produit produits qualité mauvais mauvaise commande personnel recommande fonctionne trop
beaucoup accueil sympa agréable déçu déçue reçu cassé gentil
""",
    "German": """
und ist nicht sehr gut ich mit ein eine für fur auf aber zu von auch immer nur keine kein schlecht
leider alles wir sind wird einfach fahrer schnell freundlich gute guter gutes danke preis habe wurde
das der dem den wie noch hatten haben unser unsere bei nach aus zum zur zimmer frühstück personal sauber
nett nette nettes netter lieferung qualität qualitat preise teuer kaputt bestellung
""",
    "Italian": """
che non per molto sono della il ottimo ottima buono buona servizio bene più tutto è anche sempre gli
dei nel questa questo
tutti prodotto consegna prezzo prezzi qualità consiglio consigliato pessimo veloce funziona arrivato
rotto grazie perfetto spedizione personale gentile pulito pulita cibo sono ho di lo
""",
    "Dutch": """
het een niet en van ik dat goed met voor zeer erg maar ook slecht bestelling wel geen heel zijn
ze hebben heeft hadden naar waar bij uit deze dit werd worden kamer kamers ontbijt netjes prima mooi
levering snel snelle kwaliteit vriendelijk vriendelijke klantenservice kapot duur goede lekker mijn
""",
    "Indonesian and Malay": """
yang dan tidak bagus sangat saya ini itu dengan untuk aplikasi banget aja mantap terima kasih tolong
gak nya sekali baik cepat murah kurir pesanan ada bisa sudah lebih kecewa memuaskan pelayanan dari
juga tapi kalau sering terbaik teruk mudah selalu sesuai barang barangnya pengiriman penjual ramah
mantul sip harga
""",
    "Tagalog": """
ang ng mga sa na po ako ko mo maganda hindi ganda salamat lang yung naman kasi sobrang wala ito kayo
nyo mabilis bait sana galing maayos laging walang ayos
""",
    "Vietnamese": "rất rat không khong tốt tot ứng dụng của và là tôi cho được",
    "Turkish": """
çok bir iyi güzel guzel uygulama bu için kötü hızlı teşekkürler değil berbat harika tavsiye ediyorum
""",
    "Polish": "nie jest bardzo się dobra polecam dobre świetna dobrze wszystko szybko ale",
    "Scandinavian": "och det är inte mycket jag för ikke meget veldig og på med som",
    "Romanian": "foarte bun bună este și pentru aplicatie aplicație",
    "Swahili and Afrikaans": "nzuri sana kwa baie goeie",
    "Hindi in Latin letters": """
hai nahi bahut bahot bohot accha acha achha achi acchi kya mera mujhe aur bhi hain kuch tha raha
bekar wala koi yaar sab karo kiya gaya diya hota nhi kar rahe
""",
}
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_FOREIGN = frozenset(" ".join(_FOREIGN_WORDS.values()).split()) - _ENGLISH
# Those that English feedback has as well: per seat, the van, en suite, below par, Hindi subtitles,
# Dan. One of them tells nothing, for the lists do not hold most English words.
_SHARED_WORDS = """
per personal chauffeur chauffeurs bun pour par mon von van sip lang med ale mo po est met non solo fur
en le les dan ada koi hindi na rat lo di ho
"""
_SHARED = frozenset(_SHARED_WORDS.split())
_SHARED_OF = tuple(_SHARED.intersection(words.split()) for words in _FOREIGN_WORDS.values())
# What is left of foreign words when a text is cut at everything but small letters, which takes a
# quarter of the time that finding words does: "ai" of "j'ai".
_FOREIGN_ENDS = frozenset(word.rpartition("'")[2] for word in _FOREIGN)
# As a table of bytes, which are translated in a tenth of the time.
_ONLY_LETTERS = bytes(code if chr(code).islower() else ord(" ") for code in range(256))
# Letters that English words do not have even when they are borrowed (café, naïve, über).
_FOREIGN_LETTER = regex("[ãõñßøåłşğıąęőűđơưřščžżźěőțșăâêîôûìòùáíóúýæþð\u1ea0-\u1ef9]")
# English words that a Chinese sentence borrows without changing its language.
_BORROWED_WORDS = """
ok okay app good nice yes no vip plus cool one new hot time day free get like phone card star
"""
_BORROWED = frozenset(_BORROWED_WORDS.split())
_JUDGES_ZH = regex("[很不太好差没贵慢快赞棒错]")


def language_of(folded: str) -> Language:
    """Return the language of a normalised text in lower case and simplified characters.

    A text without a letter in any script is zh if it has Chinese punctuation or is 666, else en.
    """
    if folded.isascii():
        if _SIXES.fullmatch(folded):
            return "zh"
        letters = folded.encode("ascii").translate(_ONLY_LETTERS).decode("ascii")
        if _FOREIGN_ENDS.isdisjoint(letters.split()):
            return "en"
        return _latin_language(_WORD.findall(folded), ascii_only=True)
    words = _WORD.findall(folded)
    if _NOT_PLAIN.search(folded):
        other = sum(map(len, _OTHER.findall(folded)))
        # Japanese writes about as much kana as Han; a review with a translation counts as English.
        if other * 2 > len(_HAN.findall(folded)) and other > sum(map(len, words)):
            return "other"
    if _HAN.search(folded):
        return _han_language(folded, words) if len(words) > 1 else "zh"
    if not words:
        return "zh" if _CJK_MARK.search(folded) else "en"
    return _latin_language(words)


def _latin_language(words: list[str], *, ascii_only: bool = False) -> Language:
    """English, unless more words are known to belong elsewhere."""
    if ascii_only:
        foreign = sum(map(_FOREIGN.__contains__, words))
    else:
        foreign = sum(1 for word in words if word in _FOREIGN or _FOREIGN_LETTER.search(word))
    english = sum(map(_ENGLISH.__contains__, words)) if foreign else 0
    return "other" if foreign > english and not _may_be_english(words, foreign) else "en"


def _may_be_english(words: list[str], foreign: int) -> bool:
    """Say whether the foreign words of a text are such that English has, too, among other words.

    Two different ones of a language in a short sentence are its own: "le produit est nul".
    """
    shared = _SHARED.intersection(words)
    if not shared or sum(map(_SHARED.__contains__, words)) < foreign or foreign == len(words):
        return False
    together = max(len(shared & own) for own in _SHARED_OF)
    return together < 2 or together * 3 < len(words)


def says_something(words: Iterable[str]) -> bool:
    """Tell whether Latin words beside Chinese are English, and not a name or what Chinese borrows."""
    return bool(_english(words))


def _english(words: Iterable[str]) -> list[str]:
    """Return the English words, none where there is one alone or all are borrowed ones."""
    english = [word for word in words if word in _ENGLISH]
    return english if len(english) > 1 and not _BORROWED.issuperset(english) else []


def _han_language(folded: str, words: list[str]) -> Language:
    """Chinese, unless English says something of its own beside it: two words of a sentence."""
    said = 0
    for run in _LATIN_RUN.findall(folded):
        said += len(_english(_WORD.findall(run)))
    if not said:
        return "zh"
    # The name of a dish in an English sentence.
    if len(words) > 3 and len(_HAN.findall(folded)) <= 6 and not _JUDGES_ZH.search(folded):
        return "en"
    return "mixed"
