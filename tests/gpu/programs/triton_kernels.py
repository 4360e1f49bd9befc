"""Triton: a fused kernel and a tiled matrix product, compiled while the program runs."""

from harness import need, report

torch, triton = need("torch", "triton")
tl = triton.language
torch.manual_seed(8)


@triton.jit
def fused(x, y, out, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    tl.store(out + offsets, tl.exp(tl.load(x + offsets, mask=mask)) * tl.load(y + offsets, mask=mask), mask=mask)


@triton.jit
def product(a, b, c, n, BLOCK: tl.constexpr):
    rows = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    columns = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    total = tl.zeros((BLOCK, BLOCK), dtype=tl.float32)
    for k in range(0, n, BLOCK):
        inner = k + tl.arange(0, BLOCK)
        total += tl.dot(tl.load(a + rows[:, None] * n + inner[None, :]), tl.load(b + inner[:, None] * n + columns[None, :]))
    tl.store(c + rows[:, None] * n + columns[None, :], total)


x, y = torch.randn(100_000, device="cuda"), torch.randn(100_000, device="cuda")
a, b = torch.randn(256, 256, device="cuda", dtype=torch.float16), torch.randn(256, 256, device="cuda", dtype=torch.float16)


def compute():
    out, c = torch.empty_like(x), torch.empty(256, 256, device="cuda")
    fused[(triton.cdiv(x.numel(), 1024),)](x, y, out, x.numel(), BLOCK=1024)
    product[(4, 4)](a, b, c, 256, BLOCK=64)
    return [out, c]


def step():
    compute()
    torch.cuda.synchronize()


report(compute, step)
