"""The online graph model, its update policies and the baselines."""
