"""The methods of explanation measured on phantoms and on real studies, in one table."""
