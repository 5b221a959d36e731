"""The panels of the page, one a file. They show what captioner and explain compute; dashboard.py puts them together."""

from panels.shell import catalogues

catalogues.install()  # whatever part of the page is imported, its sentences are worded
