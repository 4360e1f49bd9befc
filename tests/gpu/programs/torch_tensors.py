"""PyTorch tensor operations: elementwise, reductions, matrix products, convolution, indexing, sorting, random numbers, streams, pinned copies."""

from harness import need, report

torch = need("torch")
torch.manual_seed(0)
cuda = torch.device("cuda")


def compute():
    a = torch.randn(512, 512).to(cuda)
    b = torch.randn(512, 512).to(cuda)
    results = [
        a @ b,
        torch.softmax(a, dim=1),
        (a.sin() * b.exp().clamp(max=10)).sum(0),
        torch.nn.functional.conv2d(a.view(1, 4, 256, 256), b[:8, :36].reshape(8, 4, 3, 3)),
        torch.sort(a.flatten())[0],
        torch.cumsum(a, 1)[:, -1],
        a[b > 1],
        torch.linalg.inv(torch.eye(64, device=cuda) * 3 + a[:64, :64] * 0.01),
        torch.fft.rfft(a).abs(),
        a.half() @ b.half(),
        torch.where(a > b, a, b).mean(),
        torch.topk(a, 5)[0],
    ]
    host = torch.empty(512, 512, pin_memory=True)
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        host.copy_(a, non_blocking=True)
        done = torch.cuda.Event()
        done.record()
    done.synchronize()
    results.append(host)
    return results


x = torch.randn(1024, 1024, device=cuda)


def step():
    y = x
    for _ in range(50):
        y = torch.relu(y * 0.99 + 0.01)
    torch.cuda.synchronize()


report(compute, step)
