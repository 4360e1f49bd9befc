using CudaRpc.Client;
using CudaRpc.Driver;
using CudaRpc.Generator.Emit;
using CudaRpc.Generator.Model;
using CudaRpc.Generator.Rules;

namespace CudaRpc.Generator.Tests;

/// <summary>
/// The rules say which client halves are written by hand, and coverage tells users so. A missing server half does not compile; a missing
/// client half would: the function would quietly be unsupported.
/// </summary>
public sealed class HandWrittenHalvesTests
{
    private static readonly Plan s_plan = Binder.Bind(
        HeaderInputs.Read(Repository.Read("headers", "cuda.h")),
        RulesReader.Read(new("cuda.rules", Repository.Read("headers", "cuda.rules"))).Rules).Plan;

    [Fact]
    public void ClientHalf_TheRulesCallHandWritten_Exists()
    {
        // What C programs ask the shim for before anything else, it answers itself; pointers to functions mean nothing to others.
        Assert.Empty(s_plan.Functions
            .Where(function => function.ClientByHand && !IsOverridden(function.Name) && !ExportsEmitter.OfEntry.Contains(function.Name))
            .Select(function => function.Name));
    }

    [Fact]
    public void Function_TheRulesCallUnsupported_IsNotOverridden()
    {
        Assert.Empty(s_plan.Functions.Where(function => function.Travel == Travel.Unsupported && IsOverridden(function.Name))
            .Select(function => function.Name));
    }

    [Fact]
    public void Function_ThatTravels_IsOverridden()
    {
        Assert.Empty(s_plan.Functions.Where(function => function.IsRemoted && !IsOverridden(function.Name))
            .Select(function => function.Name));
    }

    private static bool IsOverridden(string function)
    {
        System.Reflection.MethodInfo method = typeof(RemoteDriver).GetMethod(function)
            ?? throw new MissingMethodException(nameof(CudaDriver), function);
        return method.DeclaringType != typeof(CudaDriver);
    }
}
