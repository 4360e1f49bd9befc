using CudaRpc.Driver;
using CudaRpc.Tracing;

namespace CudaRpc.Server;

// A call of a client that records its calls.
internal unsafe ref partial struct ServerCall
{
    private void BeginTrace(SessionTrace trace)
    {
        if (trace.Device is { } device)
        {
            if (ServerLane.EndsContext(_header.CallId))
            {
                device.Release();
            }
            else if (TracedFunctions.IsWork(_header.CallId))
            {
                _work = device.Begin(_stream);
            }
        }

        _began = _lane.BeginTime;
    }

    private void EndTrace(SessionTrace trace, CUresult status)
    {
        trace.Add(_header.Sequence, _began, _lane.EndTime());
        _began = 0;
        trace.Device?.End(_work, _header.Sequence, status == CUresult.CUDA_SUCCESS);
    }
}
