using System.Runtime.Intrinsics;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>
/// What one lane does with one value. Implementations are empty structs: <see cref="Lanes"/> is compiled for each of them.
/// </summary>
internal interface IUnary<TSource, TResult>
{
    static abstract TResult Invoke(TSource a);
}

/// <summary>What one lane does with two values.</summary>
internal interface IBinary<T>
{
    static abstract T Invoke(T a, T b);
}

/// <summary>What one lane does with three values.</summary>
internal interface ITernary<T>
{
    static abstract T Invoke(T a, T b, T c);
}

/// <summary>What several lanes do with one value each.</summary>
internal interface IVectorUnary<T>
{
    static abstract Vector256<T> Invoke(Vector256<T> a);
}

/// <summary>What several lanes do with two values each.</summary>
internal interface IVectorBinary<T>
{
    static abstract Vector256<T> Invoke(Vector256<T> a, Vector256<T> b);
}

/// <summary>What several lanes do with three values each.</summary>
internal interface IVectorTernary<T>
{
    static abstract Vector256<T> Invoke(Vector256<T> a, Vector256<T> b, Vector256<T> c);
}

/// <summary>A comparison of one lane's values.</summary>
internal interface ICompare<T>
{
    static abstract bool Invoke(T a, T b);
}

/// <summary>A comparison of several lanes' values; all bits of a lane that compares true are set.</summary>
internal interface IVectorCompare<T>
{
    static abstract Vector256<T> Invoke(Vector256<T> a, Vector256<T> b);
}
