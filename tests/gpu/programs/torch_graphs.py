"""CUDA graphs from PyTorch: a training step captured and replayed with new data."""

from harness import need, report

torch = need("torch")
torch.manual_seed(4)
model = torch.nn.Sequential(torch.nn.Linear(256, 512), torch.nn.ReLU(), torch.nn.Linear(512, 10)).cuda()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
images, labels = torch.randn(64, 256, device="cuda"), torch.randint(0, 10, (64,), device="cuda")


def train():
    optimizer.zero_grad(set_to_none=True)
    loss = torch.nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss


side = torch.cuda.Stream()
side.wait_stream(torch.cuda.current_stream())
with torch.cuda.stream(side):
    for _ in range(3):
        train()
torch.cuda.current_stream().wait_stream(side)
graph = torch.cuda.CUDAGraph()
with torch.cuda.graph(graph):
    captured = train()


def compute():
    losses = []
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        images.copy_(torch.randn(64, 256, generator=generator))
        graph.replay()
        losses.append(captured.item())
    return losses


def step():
    graph.replay()
    torch.cuda.synchronize()


report(compute, step)
