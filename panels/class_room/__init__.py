"""Class: a teacher opens a room on some examples, students mark the place and pick a finding, the wall shows all."""
