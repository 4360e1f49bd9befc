namespace CudaRpc.Generator.Model;

/// <summary>An additional file: its path and its text.</summary>
internal sealed record TextFile(string Path, string Text)
{
    /// <summary>The directory of <see cref="Path"/>, without the last slash.</summary>
    public string Directory => Path.LastIndexOf('/') is > 0 and int slash ? Path.Substring(0, slash) : ".";
}

/// <summary>Everything that the reading of a header depends on.</summary>
/// <param name="Header">The header itself.</param>
/// <param name="Libc">The stand-ins for the C library's headers.</param>
/// <param name="LibClang">The library to use; empty to search.</param>
internal sealed record HeaderInput(TextFile Header, EquatableArray<TextFile> Libc, string LibClang);
