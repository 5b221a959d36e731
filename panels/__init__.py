"""The panels of the page, one a file. They show what captioner and explain compute; dashboard.py puts them together."""
