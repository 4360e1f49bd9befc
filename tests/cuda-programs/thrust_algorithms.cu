// Thrust: sort, reduce, scan, transform and unique of vectors on the device.
#include "check.h"

#include <thrust/device_vector.h>
#include <thrust/functional.h>
#include <thrust/host_vector.h>
#include <thrust/reduce.h>
#include <thrust/scan.h>
#include <thrust/sequence.h>
#include <thrust/sort.h>
#include <thrust/transform.h>
#include <thrust/unique.h>

#include <algorithm>
#include <numeric>
#include <vector>

int main()
{
    const int n = 5000;
    std::vector<int> host(n);
    unsigned state = 12345;
    for (int& value : host) value = int((state = state * 1664525u + 1013904223u) >> 16);
    thrust::device_vector<int> device(host.begin(), host.end());
    EXPECT(thrust::reduce(device.begin(), device.end(), 0) == std::accumulate(host.begin(), host.end(), 0));
    EXPECT(thrust::reduce(device.begin(), device.end(), 0, thrust::maximum<int>()) == *std::max_element(host.begin(), host.end()));

    thrust::sort(device.begin(), device.end());
    std::sort(host.begin(), host.end());
    std::vector<int> back(n);
    thrust::copy(device.begin(), device.end(), back.begin());
    EXPECT(back == host);

    thrust::device_vector<int> scanned(n);
    thrust::inclusive_scan(device.begin(), device.end(), scanned.begin());
    std::partial_sum(host.begin(), host.end(), back.begin());
    thrust::host_vector<int> on_host = scanned;
    for (int i = 0; i < n; i++) EXPECT(on_host[i] == back[i]);

    thrust::device_vector<int> numbers(n);
    thrust::sequence(numbers.begin(), numbers.end(), 3, 2);
    thrust::transform(numbers.begin(), numbers.end(), device.begin(), numbers.begin(), thrust::multiplies<int>());
    EXPECT(int(numbers[10]) == 23 * host[10]);

    auto end = thrust::unique(device.begin(), device.end());
    host.erase(std::unique(host.begin(), host.end()), host.end());
    EXPECT(end - device.begin() == long(host.size()));

    std::vector<float> values(n);
    for (int i = 0; i < n; i++) values[i] = float((i * 7919) % n);
    thrust::device_vector<float> keys(values.begin(), values.end());
    thrust::device_vector<int> indices(n);
    thrust::sequence(indices.begin(), indices.end());
    thrust::sort_by_key(keys.begin(), keys.end(), indices.begin(), thrust::greater<float>());
    thrust::host_vector<int> order = indices;
    for (int i = 1; i < n; i++) EXPECT(values[order[i - 1]] >= values[order[i]]);
    return pass();
}
