"""torch.compile: kernels that Triton makes while the program runs, forward and backward."""

from harness import need, report

torch, _ = need("torch", "triton")
torch.manual_seed(3)


@torch.compile
def layer(x, weight, bias):
    return torch.nn.functional.gelu(x @ weight + bias).softmax(-1).pow(2).sum(-1)


x = torch.randn(256, 512, device="cuda", requires_grad=True)
weight = torch.randn(512, 512, device="cuda", requires_grad=True)
bias = torch.randn(512, device="cuda", requires_grad=True)


def compute():
    layer(x, weight, bias).sum().backward()
    return [layer(x, weight, bias), x.grad, weight.grad, bias.grad]


def step():
    layer(x, weight, bias)
    torch.cuda.synchronize()


report(compute, step)
