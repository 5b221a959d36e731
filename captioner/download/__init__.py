"""The Indiana University collection from its public addresses."""
