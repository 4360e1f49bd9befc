// cuFFT by itself: complex transforms in a batch, of a length that is no power of two, and a real one in two dimensions, forth and back.
// nvcc: -lcufft
// packages: libcufft11
#include "report.h"

#include <cufft.h>

static std::vector<float> flat(const std::vector<float2>& values)
{
    const float* start = &values[0].x;
    return std::vector<float>(start, start + 2 * values.size());
}

int main()
{
    const int n = 240, batch = 16, rows = 96, columns = 64, spectrum_columns = columns / 2 + 1;
    auto parts = numbers<float>(2 * n * batch, 1), image = numbers<float>(rows * columns, 2);
    std::vector<float2> signal(n * batch);
    for (int index = 0; index < n * batch; index++) signal[index] = make_float2(parts[2 * index], parts[2 * index + 1]);
    float2 *on_signal = to_device(signal), *on_spectrum = to_device(std::vector<float2>(n * batch));
    float* on_image = to_device(image);
    float2* on_image_spectrum = to_device(std::vector<float2>(rows * spectrum_columns));
    cufftHandle line, forth, back;
    int lengths[] = {n};
    NEED(cufftPlanMany(&line, 1, lengths, nullptr, 1, n, nullptr, 1, n, CUFFT_C2C, batch));
    NEED(cufftPlan2d(&forth, rows, columns, CUFFT_R2C));
    NEED(cufftPlan2d(&back, rows, columns, CUFFT_C2R));

    auto compute = [&] {
        std::vector<double> values;
        NEED(cufftExecC2C(line, on_signal, on_spectrum, CUFFT_FORWARD));
        NEED(cudaDeviceSynchronize());
        auto spectrum = from_device(on_spectrum, n * batch);
        for (int which : {0, batch - 1})
        {
            for (int frequency = 0; frequency < n; frequency++)
            {
                double real = 0, imaginary = 0;
                for (int index = 0; index < n; index++)
                {
                    double angle = -2 * 3.14159265358979323846 * (frequency * index % n) / n;
                    float2 value = signal[which * n + index];
                    real += value.x * std::cos(angle) - value.y * std::sin(angle);
                    imaginary += value.x * std::sin(angle) + value.y * std::cos(angle);
                }
                float2 given = spectrum[which * n + frequency];
                REQUIRE(std::fabs(given.x - real) < 1e-2 && std::fabs(given.y - imaginary) < 1e-2, "a complex transform");
            }
        }
        digest(flat(spectrum), values);

        NEED(cufftExecC2C(line, on_spectrum, on_spectrum, CUFFT_INVERSE));
        NEED(cudaDeviceSynchronize());
        auto again = from_device(on_spectrum, n * batch);
        for (int index = 0; index < n * batch; index++)
        {
            REQUIRE(std::fabs(again[index].x / n - signal[index].x) < 1e-3 && std::fabs(again[index].y / n - signal[index].y) < 1e-3, "its inverse");
        }

        NEED(cufftExecR2C(forth, on_image, on_image_spectrum));
        NEED(cudaDeviceSynchronize());
        auto image_spectrum = from_device(on_image_spectrum, rows * spectrum_columns);
        digest(flat(image_spectrum), values);
        NEED(cufftExecC2R(back, on_image_spectrum, on_image));
        NEED(cudaDeviceSynchronize());
        auto image_again = from_device(on_image, rows * columns);
        for (int index = 0; index < rows * columns; index++)
        {
            REQUIRE(std::fabs(image_again[index] / (rows * columns) - image[index]) < 1e-3, "a real transform and its inverse");
        }
        return values;
    };
    auto step = [&] {
        NEED(cufftExecC2C(line, on_signal, on_spectrum, CUFFT_FORWARD));
        NEED(cudaDeviceSynchronize());
    };
    int code = report(compute, step);
    NEED(cufftDestroy(line));
    NEED(cufftDestroy(forth));
    NEED(cufftDestroy(back));
    return code;
}
