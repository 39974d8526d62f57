"""Customer feedback, Chinese and English, turned into something a company can act on."""

__version__ = "0.1.0"
