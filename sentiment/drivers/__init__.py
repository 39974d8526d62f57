"""Numbers about satisfaction: measures, importance, prevalence, segments and trend.

Pure functions of arrays and counts; NumPy is the only thing they need. Two layers are kept apart:
what the text says (always available) and what goes with the outcome (only with an outcome that the
customer gave).

    measures     NPS, CSAT, CES, PMF, stars, rating, net sentiment, index
    importance   LMG, relative weights, OLS, penalty-reward, impact, waterfall, what-if, quadrant
    prevalence   correction for the classifier, intervals and tests of shares, the family rule
    segments     groups against their complement, one family of tests
    trend        periods, bands, charts of shares and means, direct standardisation
    floors       how many rows a number needs to be shown
"""
