"""A network shaped like GPT-2 small: training steps, then generating tokens one by one, random weights."""

from harness import need, report

torch = need("torch")
nn = torch.nn
torch.manual_seed(2)
LAYERS, HEADS, WIDTH, VOCABULARY, LENGTH = 12, 12, 768, 50257, 256


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):
        batch, length, _ = x.shape
        q, k, v = (t.view(batch, length, HEADS, WIDTH // HEADS).transpose(1, 2) for t in self.qkv(self.norm1(x)).chunk(3, -1))
        y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(batch, length, WIDTH))
        return x + self.mlp(self.norm2(x))


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.layers = nn.Sequential(*(Layer() for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, ids):
        x = self.tokens(ids) + self.positions(torch.arange(ids.shape[1], device=ids.device))
        return self.norm(self.layers(x)) @ self.tokens.weight.t()


model = Gpt().cuda()
ids = torch.randint(0, VOCABULARY, (4, LENGTH)).cuda()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)


def train():
    optimizer.zero_grad(set_to_none=True)
    logits = model(ids)
    loss = nn.functional.cross_entropy(logits[:, :-1].reshape(-1, VOCABULARY), ids[:, 1:].reshape(-1))
    loss.backward()
    optimizer.step()
    return loss


@torch.no_grad()
def logits_of(prompt):
    return model(prompt)[:, -1]


def compute():
    losses = [train().item() for _ in range(2)]
    return [*losses, logits_of(ids[:1, :16])]


@torch.no_grad()
def step():
    prompt = ids[:1, :16]
    for _ in range(8):
        prompt = torch.cat([prompt, logits_of(prompt).argmax(-1, keepdim=True)], 1)
    prompt.cpu()


report(compute, step, steps=10)
