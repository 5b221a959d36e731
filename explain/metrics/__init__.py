"""What can be measured of a map: whether it is true to the model, where it lies, and what the word rests on."""
