"""Scores of predicted impressions, with baselines and bootstrap intervals."""
