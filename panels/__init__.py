"""The panels of the page, one a file. They show what captioner and explain computed; dashboard.py puts them together."""
