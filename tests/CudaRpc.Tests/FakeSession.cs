namespace CudaRpc.Tests;

/// <summary>A session over a <see cref="FakeDriver"/>, with a context whose making is already forgotten.</summary>
internal sealed class FakeSession : IDisposable
{
    public FakeSession()
    {
        Session = new CudaSession(Driver);
        Context = Session.Devices[0].CreateContext();
        Driver.ForgetCalls();
    }

    public FakeDriver Driver { get; } = new();

    public CudaSession Session { get; }

    public CudaContext Context { get; }

    public CudaKernel Kernel(params int[]? parameterSizes)
    {
        Driver.ParameterSizes = parameterSizes;
        CudaKernel kernel = Context.LoadModule(".version 8.0").GetKernel("test");
        Driver.ForgetCalls();
        return kernel;
    }

    public void Dispose() => Session.Dispose();
}
