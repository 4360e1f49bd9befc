"""Autograd from several threads: each builds and differentiates its own function, the engine's threads launch the kernels of all."""

import threading

from harness import need, report

torch = need("torch")
THREADS = 4


def work(index, results):
    generator = torch.Generator().manual_seed(index)
    x = torch.randn(128, 128, generator=generator).cuda().requires_grad_()
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(20):
            x.grad = None
            y = x
            for _ in range(5):
                y = torch.tanh(y @ x.detach() * 0.05)
            y.sum().backward()
        results[index] = x.grad.cpu()


def compute():
    results = [None] * THREADS
    threads = [threading.Thread(target=work, args=(index, results)) for index in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


report(compute, compute, steps=5)
