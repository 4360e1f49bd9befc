// iterations[y * width + x] = how many steps of z = z * z + c stay within |z| <= 2, at most limit, where
// c = left + x * step + i * (top + y * step). Every rounding is spelled out (no fused multiply-add), so that each
// count is the same on every device and on the CPU.
// Launch: a 2-D grid that covers width (x) and height (y).
extern "C" __global__ void mandelbrot(unsigned int* __restrict__ iterations, int width, int height,
                                      double left, double top, double step, int limit)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height)
        return;

    double c_re = __dadd_rn(left, __dmul_rn(x, step));
    double c_im = __dadd_rn(top, __dmul_rn(y, step));
    double re = 0.0;
    double im = 0.0;
    int count = 0;
    while (count < limit) {
        double re2 = __dmul_rn(re, re);
        double im2 = __dmul_rn(im, im);
        if (__dadd_rn(re2, im2) > 4.0)
            break;
        im = __dadd_rn(__dmul_rn(2.0 * re, im), c_im);
        re = __dadd_rn(__dadd_rn(re2, -im2), c_re);
        count++;
    }
    iterations[y * width + x] = count;
}
