"""The *Lesson* panel: steps with a question each, about the examples."""
