"""What to label next, in formats that people label in, and the labels read back."""
