"""The text line: the one way in which a text is made ready, for training and for scoring.

`prepare` cleans a text, finds its language and status and keeps the way back to the user's own
words; `words` cuts it into tokens. Dictionaries load when a text first needs them.
"""

from sentiment.text.normalise import STEPS, Step
from sentiment.text.prepared import Prepared, find_clauses, prepare
from sentiment.text.tokens import Token, words

__all__ = ["STEPS", "Prepared", "Step", "Token", "find_clauses", "prepare", "words"]
