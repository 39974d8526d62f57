"""Training again: a model, or an encoder of another maker, moved towards a team's rows."""
