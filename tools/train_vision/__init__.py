"""Training a small picture classifier in the house: data, augmentation, training, evaluation, ONNX, model card.

In: Fashion-MNIST from Debian's package, or a folder of one's own with a subfolder of pictures for each class. Out: an
ONNX file and a card that says what it was made from and how good it is, with the number of pictures and an interval.
PyTorch is needed here only; `make train-vision` installs it beside the product.
"""
