using CudaRpc.Generator.Model;

namespace CudaRpc.Generator.Clang;

/// <summary>Reads a header into the model, or says why it cannot.</summary>
internal static class HeaderReader
{
    public static HeaderResult Read(HeaderInput input)
    {
        if (LibClang.Open(input.LibClang, out string reason) is not { } clang)
        {
            return HeaderResult.Failed(Problem.At(new(input.Header.Path, 0, 0), Problems.NoLibClang, reason));
        }

        using TranslationUnit unit = TranslationUnit.Parse(clang, input);
        EquatableArray<Problem> errors = new(unit.Errors());
        return errors.Count > 0 ? new(null, errors) : new ApiReader(clang, unit).Read();
    }
}

/// <summary>The outcome of reading a header.</summary>
/// <param name="Api">What it declares; null where it could not be read.</param>
/// <param name="Problems">What is wrong with it.</param>
internal sealed record HeaderResult(CApi? Api, EquatableArray<Problem> Problems)
{
    public static HeaderResult Failed(Problem problem) => new(null, new([problem]));
}
