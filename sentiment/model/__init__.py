"""Models: features, heads, decisions, and the bundles they are saved in."""
