using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>Integer to integer without saturation, full registers on both sides.</summary>
internal readonly struct Truncate<TSource, TResult> : IUnary<TSource, TResult>
    where TSource : IBinaryInteger<TSource>
    where TResult : IBinaryInteger<TResult>
{
    public static TResult Invoke(TSource a) => TResult.CreateTruncating(a);
}

/// <summary>Integer to integer by way of a narrower one: cvt.s32.s8 and the like.</summary>
internal readonly struct TruncateBy<TSource, TMiddle, TResult> : IUnary<TSource, TResult>
    where TSource : IBinaryInteger<TSource>
    where TMiddle : IBinaryInteger<TMiddle>
    where TResult : IBinaryInteger<TResult>
{
    public static TResult Invoke(TSource a) => TResult.CreateTruncating(TMiddle.CreateTruncating(a));
}

internal readonly struct S32ToF32 : IUnary<int, float>
{
    public static float Invoke(int a) => a;
}

internal readonly struct U16ToF32 : IUnary<ushort, float>
{
    public static float Invoke(ushort a) => a;
}

internal readonly struct S16ToF32 : IUnary<short, float>
{
    public static float Invoke(short a) => a;
}

internal readonly struct U32ToF32 : IUnary<uint, float>
{
    // By way of double, which holds every 32-bit integer: rounded once.
    public static float Invoke(uint a) => (float)(double)a;
}

internal readonly struct S32ToF64 : IUnary<int, double>
{
    public static double Invoke(int a) => a;
}

internal readonly struct U32ToF64 : IUnary<uint, double>
{
    public static double Invoke(uint a) => a;
}

/// <summary>cvt.rzi.s32.f32: saturating, NaN gives 0, as C# defines the cast.</summary>
internal readonly struct F32ToS32 : IUnary<float, int>
{
    public static int Invoke(float a) => (int)a;
}

internal readonly struct F32ToU32 : IUnary<float, uint>
{
    public static uint Invoke(float a) => (uint)a;
}

internal readonly struct F32ToF64 : IUnary<float, double>
{
    public static double Invoke(float a) => a;
}

/// <summary>cvt.rn.f32.f64.</summary>
internal readonly struct F64ToF32 : IUnary<double, float>
{
    public static float Invoke(double a) => FloatBits.Canonical((float)a);
}

/// <summary>cvt.f32.f16.</summary>
internal readonly struct F16ToF32 : IUnary<Half, float>
{
    public static float Invoke(Half a) => FloatBits.Canonical((float)a);
}

/// <summary>cvt.rn.f16.f32.</summary>
internal readonly struct F32ToF16 : IUnary<float, ushort>
{
    public static ushort Invoke(float a) => HalfBits.FromSingle(a);
}

/// <summary>Conversions between 32-bit and 64-bit registers, a vector at a time.</summary>
internal static unsafe class WideningHandlers
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    [MethodImpl(Hot)]
    public static void S32ToS64(Worker worker, Instruction* instruction, uint mask)
    {
        long* d = (long*)worker.Register(instruction->D0);
        int* a = (int*)worker.Operand(instruction->A);
        for (int lane = 0; lane < 32; lane += Vector256<int>.Count)
        {
            (Vector256<long> low, Vector256<long> high) = Vector256.Widen(Vector256.Load(a + lane));
            Lanes.Store(d, lane, mask, low);
            Lanes.Store(d, lane + 4, mask, high);
        }
    }

    [MethodImpl(Hot)]
    public static void U32ToU64(Worker worker, Instruction* instruction, uint mask)
    {
        ulong* d = (ulong*)worker.Register(instruction->D0);
        uint* a = (uint*)worker.Operand(instruction->A);
        for (int lane = 0; lane < 32; lane += Vector256<uint>.Count)
        {
            (Vector256<ulong> low, Vector256<ulong> high) = Vector256.Widen(Vector256.Load(a + lane));
            Lanes.Store(d, lane, mask, low);
            Lanes.Store(d, lane + 4, mask, high);
        }
    }

    [MethodImpl(Hot)]
    public static void U64ToU32(Worker worker, Instruction* instruction, uint mask)
    {
        uint* d = (uint*)worker.Register(instruction->D0);
        ulong* a = (ulong*)worker.Operand(instruction->A);
        for (int lane = 0; lane < 32; lane += Vector256<uint>.Count)
        {
            Lanes.Store(d, lane, mask, Vector256.Narrow(Vector256.Load(a + lane), Vector256.Load(a + lane + 4)));
        }
    }
}
