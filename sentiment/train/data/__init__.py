"""The data sets: where they come from, what their labels mean, and which rows belong together."""
