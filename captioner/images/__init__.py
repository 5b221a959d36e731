"""From a picture file to what a network is shown: views are read, checked, changed and prepared here."""
