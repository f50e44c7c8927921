"""The network of `npm run bench -- train` in PyTorch: every line read is a request, every line written its answer.

Requests: "channels_last STEPS" or "nchw STEPS". Answers: {"steps": [[seconds, CPU seconds], ...]}. First it says its version.
"""

import json
import sys
import time

import torch
from torch import nn

BATCH, THREADS = int(sys.argv[1]), int(sys.argv[2])
BLOCKS = [(40, 2), (40, 1), (40, 1), (64, 2), (64, 1), (64, 1), (96, 1), (96, 1)]
torch.set_num_threads(THREADS)


class InvertedResidual(nn.Module):
    def __init__(self, into, out, stride, expand=4, kernel=5):
        super().__init__()
        wide = into * expand
        self.layers = nn.Sequential(
            nn.Conv2d(into, wide, 1, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU(True),
            nn.Conv2d(wide, wide, kernel, stride, kernel // 2, groups=wide, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU(True),
            nn.Conv2d(wide, out, 1, bias=False),
            nn.BatchNorm2d(out),
        )
        self.shortcut = stride == 1 and into == out

    def forward(self, x):
        return x + self.layers(x) if self.shortcut else self.layers(x)


def network():
    layers = [nn.Conv2d(3, 24, 3, 1, 1, bias=False), nn.BatchNorm2d(24), nn.ReLU(True)]
    channels = 24
    for out, stride in BLOCKS:
        layers.append(InvertedResidual(channels, out, stride))
        channels = out
    head = [nn.Conv2d(channels, 384, 1, bias=False), nn.BatchNorm2d(384), nn.ReLU(True)]
    return nn.Sequential(*layers, *head, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(384, 100))


def trainer(memory_format):
    model = network().to(memory_format=memory_format)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=3e-5)
    images = torch.randn(BATCH, 3, 32, 32).to(memory_format=memory_format)
    labels = torch.randint(0, 100, (BATCH,))

    def step():
        optimizer.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()

    return step


steps = {"channels_last": trainer(torch.channels_last), "nchw": trainer(torch.contiguous_format)}
print(json.dumps({"version": torch.__version__, "mkldnn": torch.backends.mkldnn.is_available()}), flush=True)
for request in sys.stdin:
    layout, count = request.split()
    measured = []
    for _ in range(int(count)):
        started, used = time.perf_counter(), time.process_time()
        steps[layout]()
        measured.append([time.perf_counter() - started, time.process_time() - used])
    print(json.dumps({"steps": measured}), flush=True)
