"""JAX: compiled functions, gradients, a scan, random numbers."""

import os

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
from harness import need, report  # noqa: E402

jax = need("jax")
jnp = jax.numpy
if jax.default_backend() != "gpu":
    raise SystemExit(f"JAX runs on {jax.default_backend()}, not on the GPU")
key = jax.random.PRNGKey(6)
x = jax.random.normal(key, (256, 256))


@jax.jit
def loss(w):
    y, _ = jax.lax.scan(lambda h, _: (jnp.tanh(h @ w), None), x, None, length=8)
    return (y ** 2).mean()


gradient = jax.jit(jax.grad(loss))


def compute():
    w = jax.random.normal(jax.random.PRNGKey(7), (256, 256)) * 0.05
    values = []
    for _ in range(5):
        values.append(float(loss(w)))
        w = w - 0.1 * gradient(w)
    return [*values, jax.device_get(w), jax.device_get(jnp.sort(x.ravel()))]


weights = jax.random.normal(key, (256, 256)) * 0.05
report(compute, lambda: gradient(weights).block_until_ready())
