"""The evidence of Bayesian linear models: the profile over their precisions, and its fast forms for many maps."""
