"""One study, its impression and the reasons for each word, as one file."""
