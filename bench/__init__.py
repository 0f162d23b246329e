"""Figures: litxdb beside the tool that one would use instead, in one run, as ratios."""
