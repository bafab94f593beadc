"""paribus: what a training hyperparameter really does to a model, all else equal."""
