"""A team's own labelled rows: read to their end, and everything that is wrong with them."""
