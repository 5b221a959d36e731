"""The *Quiz* panel: mark the place on both views, name the finding, and see model and truth beside the answer.

marking_film.js, both views with a mark on each by pointer, touch or keyboard, is for other panels too:
`makeMarkingFilm`, `pinAt` for further marks, `fieldAt` for the name of a place.
"""
