"""CuPy: arrays, cuBLAS, cuFFT, a kernel compiled by NVRTC, a stream, an event."""

from harness import need, report

cupy = need("cupy")
scale = cupy.ElementwiseKernel("T x, T f", "T y", "y = x * f + 1", "scale")
count = cupy.RawKernel(r"""
extern "C" __global__ void count(const float* x, int n, int* positive) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && x[i] > 0) atomicAdd(positive, 1);
}""", "count")
source = cupy.random.RandomState(5).randn(512, 512).astype(cupy.float32)


def compute():
    positive = cupy.zeros(1, dtype=cupy.int32)
    with cupy.cuda.Stream(non_blocking=True) as stream:
        count((1024,), (256,), (source, cupy.int32(source.size), positive))
        stream.synchronize()
    return [
        source @ source.T, scale(source, cupy.float32(3)), cupy.abs(cupy.fft.fft2(source)), cupy.sort(source.ravel()),
        cupy.linalg.svd(source[:32, :32], compute_uv=False), positive,
    ]


def step():
    y = source
    for _ in range(20):
        y = scale(y, cupy.float32(0.5))
    cupy.cuda.Device().synchronize()


report(compute, step)
