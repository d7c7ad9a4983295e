"""The network, its training, and its ONNX file, written node by node: the same weights give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from tools.train_vision.data import SIDE_PX, Part

WIDTHS = (16, 32, 64)
SHIFT_PX = 2
BATCH = 256
OPSET, IR_VERSION = 17, 8


def make_network(classes: int) -> nn.Sequential:
    """Three convolutions of 3 by 3 with batch normalisation, two poolings, the mean over all, one linear layer."""
    layers: list[nn.Module] = []
    channels = 1
    for number, width in enumerate(WIDTHS):
        layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if number < 2 else []
        channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def as_input(part: Part) -> torch.Tensor:
    """`(n, 1, 28, 28)` float32 from -1 to 1."""
    return torch.from_numpy(part.pixels.astype(np.float32)[:, None] / 127.5 - 1)


def augment(batch: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
    """Half of the pictures mirrored; all shifted by up to two pixels."""
    is_mirrored = torch.rand(len(batch), generator=chance) < 0.5
    batch = torch.where(is_mirrored[:, None, None, None].to(batch.device), batch.flip(-1), batch)
    padded = nn.functional.pad(batch, (SHIFT_PX,) * 4, value=-1.0)
    x, y = (int(torch.randint(2 * SHIFT_PX + 1, (), generator=chance)) for _ in range(2))
    return padded[:, :, y : y + SIDE_PX, x : x + SIDE_PX]


def train(network: nn.Sequential, part: Part, epochs: int, seed: int, device: str) -> Iterator[float]:
    """Train in place; the mean loss of every epoch. One cycle of the learning rate (Smith and Topin, 2019)."""
    chance = torch.Generator().manual_seed(seed)
    pictures, labels = as_input(part).to(device), torch.from_numpy(part.labels).to(device)
    steps = epochs * -(-len(labels) // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=5e-3, total_steps=steps)
    for _ in range(epochs):
        network.train()
        total = 0.0
        for chosen in torch.randperm(len(labels), generator=chance).split(BATCH):
            chosen = chosen.to(device)
            loss = nn.functional.cross_entropy(network(augment(pictures[chosen], chance)), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(chosen)
        yield total / len(labels)


def settle(network: nn.Sequential, part: Part, device: str) -> None:
    """Take the normalisation's statistics anew over all pictures: a short training leaves those of its beginning."""
    for layer in network:
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # the plain mean over all batches
    network.train()
    with torch.no_grad():
        for batch in as_input(part).split(BATCH):
            network(batch.to(device))
    network.eval()


def to_onnx(network: nn.Sequential, name: str) -> bytes:
    """The trained network as ONNX: input ``pictures`` float32 `(n, 1, 28, 28)`, output ``logits`` `(n, classes)`."""
    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []

    def constant(label: str, value: torch.Tensor) -> str:
        constants.append(numpy_helper.from_array(value.detach().cpu().numpy().copy(), label))
        return label

    tensor = "pictures"
    for number, layer in enumerate(network):
        out = "logits" if number == len(network) - 1 else f"out_{number}"
        match layer:
            case nn.Conv2d():
                inputs = [tensor, constant(f"{number}.weight", layer.weight)]
                node = helper.make_node("Conv", inputs, [out], pads=[1, 1, 1, 1])
            case nn.BatchNorm2d():
                kept = ("weight", "bias", "running_mean", "running_var")
                inputs = [tensor, *(constant(f"{number}.{part}", getattr(layer, part)) for part in kept)]
                node = helper.make_node("BatchNormalization", inputs, [out], epsilon=layer.eps)
            case nn.ReLU():
                node = helper.make_node("Relu", [tensor], [out])
            case nn.MaxPool2d():
                node = helper.make_node("MaxPool", [tensor], [out], kernel_shape=[2, 2], strides=[2, 2])
            case nn.AdaptiveAvgPool2d():
                node = helper.make_node("GlobalAveragePool", [tensor], [out])
            case nn.Flatten():
                node = helper.make_node("Flatten", [tensor], [out])
            case nn.Linear():
                inputs = [tensor, constant(f"{number}.weight", layer.weight), constant(f"{number}.bias", layer.bias)]
                node = helper.make_node("Gemm", inputs, [out], transB=1)
            case _:
                raise TypeError(f"No ONNX node is known for {type(layer).__name__}.")
        nodes.append(node)
        tensor = out
    shape: list[int | str] = ["n", 1, SIDE_PX, SIDE_PX]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", network[-1].out_features])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="aitbc")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)
