using System.Runtime.InteropServices;
using System.Text;

namespace CudaRpc.Simulator.Tests.Ptx.Compiled;

/// <summary>NVIDIA's compiler, where tests/cuda-packages has fetched it: what it makes of CUDA C is what the simulator is for.</summary>
internal static unsafe class Nvrtc
{
    private static readonly Lock s_lock = new();
    private static readonly Lazy<nint> s_library = new(Load);

    /// <summary>Compiles for an architecture ("75") with more options, or skips the test where the compiler is missing.</summary>
    public static string Compile(string source, string architecture, params string[] options)
    {
        Assert.SkipWhen(s_library.Value == 0, "NVRTC is not there: run tests/cuda-packages fetch libnvrtc12 libnvrtc-builtins12.4");
        lock (s_lock)
        {
            nint program;
            Check(Call("nvrtcCreateProgram", (nint)(&program), source));
            try
            {
                string[] all = [$"--gpu-architecture=compute_{architecture}", .. options];
                nint[] arguments = [.. all.Select(Marshal.StringToCoTaskMemUTF8)];
                int result;
                fixed (nint* first = arguments)
                {
                    result = ((delegate* unmanaged<nint, int, nint*, int>)Symbol("nvrtcCompileProgram"))(program, arguments.Length, first);
                }

                Array.ForEach(arguments, Marshal.FreeCoTaskMem);
                Assert.True(result == 0, Text(program, "nvrtcGetProgramLogSize", "nvrtcGetProgramLog"));
                return Text(program, "nvrtcGetPTXSize", "nvrtcGetPTX");
            }
            finally
            {
                ((delegate* unmanaged<nint*, int>)Symbol("nvrtcDestroyProgram"))(&program);
            }
        }
    }

    private static nint Symbol(string name) => NativeLibrary.GetExport(s_library.Value, name);

    private static void Check(int result) => Assert.Equal(0, result);

    private static int Call(string function, nint program, string source)
    {
        byte[] text = Encoding.UTF8.GetBytes(source + '\0');
        byte[] name = "test.cu\0"u8.ToArray();
        fixed (byte* textStart = text, nameStart = name)
        {
            return ((delegate* unmanaged<nint, byte*, byte*, int, void*, void*, int>)Symbol(function))(
                program, textStart, nameStart, 0, null, null);
        }
    }

    private static string Text(nint program, string size, string text)
    {
        nuint length;
        Check(((delegate* unmanaged<nint, nuint*, int>)Symbol(size))(program, &length));
        byte[] bytes = new byte[length];
        fixed (byte* start = bytes)
        {
            Check(((delegate* unmanaged<nint, byte*, int>)Symbol(text))(program, start));
        }

        return Encoding.UTF8.GetString(bytes).TrimEnd('\0');
    }

    // The compiler finds its builtins by the loader's search path, or already loaded.
    private static nint Load()
    {
        string folder = Path.Combine(CacheDirectory(), "trixie/usr/lib/x86_64-linux-gnu");
        return NativeLibrary.TryLoad(Path.Combine(folder, "libnvrtc-builtins.so.12.4"), out _)
            && NativeLibrary.TryLoad(Path.Combine(folder, "libnvrtc.so.12"), out nint library) ? library : 0;
    }

    // As tests/cuda-packages has it.
    private static string CacheDirectory()
    {
        string? cache = Environment.GetEnvironmentVariable("CUDARPC_CACHE");
        if (!string.IsNullOrEmpty(cache))
        {
            return cache;
        }

        string? home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        return Path.Combine(
            string.IsNullOrEmpty(home) ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache") : home,
            "cudarpc");
    }
}
