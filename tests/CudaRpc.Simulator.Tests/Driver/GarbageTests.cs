using System.Reflection;

namespace CudaRpc.Simulator.Tests.Driver;

/// <summary>Every function of the driver with null pointers and with handles and numbers that mean nothing.</summary>
public sealed class GarbageTests
{
    public static TheoryData<string> Functions =>
        [.. typeof(SimulatedDriver).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(static method => method.Name.StartsWith("cu", StringComparison.Ordinal)).Select(static method => method.Name)];

    /// <summary>Without those that take any number that is no device address for a pointer of the program.</summary>
    public static TheoryData<string> FunctionsWithoutUnifiedAddresses =>
        [.. Functions.Select(static row => row.Data).Where(static name => name is not ("cuMemcpy" or "cuMemcpyAsync"))];

    [Theory]
    [MemberData(nameof(Functions))]
    public void Function_WithNothing_ReturnsAResult(string name)
    {
        using var bench = new Bench();

        Assert.True(Enum.IsDefined(Call(bench, name, 0)));
    }

    [Theory]
    [MemberData(nameof(FunctionsWithoutUnifiedAddresses))]
    public void Function_WithGarbage_ReturnsAResult(string name)
    {
        using var bench = new Bench();

        Assert.True(Enum.IsDefined(Call(bench, name, -1)));
        Assert.True(Enum.IsDefined(Call(bench, name, long.MaxValue)));
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void Function_BeforeInit_SaysSo(string name)
    {
        using var bench = new Bench(withContext: false, initialize: false);

        CUresult result = Call(bench, name, 0);

        // These tell about the driver itself and need none.
        string[] always = ["cuInit", "cuDriverGetVersion", "cuGetErrorName", "cuGetErrorString"];
        Assert.Equal(always.Contains(name), result != CUDA_ERROR_NOT_INITIALIZED);
    }

    /// <summary>Calls the function with null pointers and everything else as the given number.</summary>
    private static CUresult Call(Bench bench, string name, long number)
    {
        MethodInfo method = typeof(SimulatedDriver).GetMethod(name)!;
        object?[] arguments = [.. method.GetParameters().Select(parameter => Argument(parameter.ParameterType, number))];
        return (CUresult)method.Invoke(bench.Driver, arguments)!;
    }

    private static object? Argument(Type type, long number) => type switch
    {
        { IsPointer: true } => null,
        { IsFunctionPointer: true } => nint.Zero,
        { IsEnum: true } => Enum.ToObject(type, number),
        _ when type == typeof(byte) => (byte)number,
        _ when type == typeof(ushort) => (ushort)number,
        _ when type == typeof(int) => (int)number,
        _ when type == typeof(uint) => (uint)number,
        _ when type == typeof(ulong) => (ulong)number,
        _ when type == typeof(float) => (float)number,
        _ when type == typeof(nint) => (nint)number,
        _ when type == typeof(nuint) => (nuint)number,
        _ when type == typeof(float) => (float)number,
        _ when type == typeof(CUmemLocation_v1) => new CUmemLocation_v1 { type = (CUmemLocationType)(int)number, id = (int)number },
        _ => Activator.CreateInstance(type, Argument(type.GetConstructors().Single().GetParameters().Single().ParameterType, number)),
    };
}
