"""The *Score* panel: the predicted impression beside the radiologist's."""
