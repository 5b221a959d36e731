"""The *Trust* panel: can the chosen word's map be believed?"""
